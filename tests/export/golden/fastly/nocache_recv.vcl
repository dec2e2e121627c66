# Cache policy for Fastly: asgi-nocache VERSION, policy 363b441cf406.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Not verified on a real edge.
# Snippet nocache_recv: type recv, priority 10.
# Try it on a service that serves nobody yet.

if (req.method != "FASTLYPURGE") {
  call nocache_recv;
}
