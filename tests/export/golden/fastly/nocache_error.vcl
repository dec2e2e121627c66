# Cache policy for Fastly: asgi-nocache VERSION, policy 2eb15fd9e3e1.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Snippet nocache_error: type error, priority 190.
# Not verified on a real edge: try it on a service that serves nobody yet.

# What Fastly answers by itself is never-store, behind a shield, too.
unset obj.http.X-Nocache-Say;
set obj.http.X-Nocache-Error = "yes";
