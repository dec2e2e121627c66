# Cache policy for Fastly: asgi-nocache VERSION, policy 2eb15fd9e3e1.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Snippet nocache_deliver: type deliver, priority 190.
# Not verified on a real edge: try it on a service that serves nobody yet.

# A shield hands on what the app said: only the node that meets the client rewrites it.
if (fastly.ff.visits_this_service == 0) {
  call nocache_deliver;
  unset resp.http.X-Nocache-Error;
}
unset resp.http.X-Nocache-Say;
