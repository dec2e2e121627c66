# Cache policy for Fastly: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Not verified on a real edge.
# Snippet nocache_error: type error, priority 190.
# Try it on a service that serves nobody yet.

# What Fastly answers by itself is never-store, behind a shield, too.
unset obj.http.X-Nocache-Say;
set obj.http.X-Nocache-Error = "yes";
