# Cache policy for Fastly: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Not verified on a real edge.
# Snippet nocache_deliver: type deliver, priority 190.
# Try it on a service that serves nobody yet.

# A shield hands on what the app said: only the node that meets the client rewrites it.
if (fastly.ff.visits_this_service == 0) {
  call nocache_deliver;
  unset resp.http.X-Nocache-Error;
}
unset resp.http.X-Nocache-Say;
