# Cache policy for Fastly: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Not verified on a real edge.
# Snippet nocache_hit: type hit, priority 10.
# Try it on a service that serves nobody yet.

# Not in vcl_recv: the backend's choice, forced TLS and shielding come behind snippets.
if (req.http.X-Nocache-Pass) {
  return (pass);
}
