# Cache policy for Fastly: asgi-nocache VERSION, policy 2eb15fd9e3e1.
# Do not edit: change the rules and export again.
# Up to date? asgi-nocache export fastly shop:app --check -o HERE
# Snippet nocache_recv: type recv, priority 10.
# Not verified on a real edge: try it on a service that serves nobody yet.

if (req.method != "FASTLYPURGE") {
  call nocache_recv;
}
