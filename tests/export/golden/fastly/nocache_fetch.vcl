# Cache policy for Fastly: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Not verified on a real edge.
# Snippet nocache_fetch: type fetch, priority 190.
# Try it on a service that serves nobody yet.

call nocache_fetch;
