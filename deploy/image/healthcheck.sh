#!/bin/bash
# Whether the API's process answers. Bash's own sockets instead of curl or another node: 2 MB for a moment, every ten seconds.
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-8000}" || exit 1
printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
