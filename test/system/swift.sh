#!/bin/bash
# swift.sh FOLDER PROXY ACCOUNT CONTAINER OBJECT MEMCACHE: OpenStack Swift with its S3 API on 127.0.0.1, from Debian's packages, one
# server of each kind, each on the port named. Root only. It runs in namespaces of its own, where /etc/swift is a folder of its own;
# killing the process (SIGKILL) ends everything in it, and so does the end of whoever started it.
# Region us-east-1, access key test:tester, secret testing.
set -euo pipefail

if [ "${SWIFT_INSIDE:-}" != yes ]; then
  mkdir -p "$1"/{etc,srv/d1,log} /etc/swift
  SWIFT_INSIDE=yes exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL "$0" "$@"
fi

folder=$1 proxy=$2 account=$3 container=$4 object=$5 memcache=$6
mount --bind "$folder/etc" /etc/swift
cd /etc/swift

# On a busy machine Swift would give up soon, and answer before its listings know of what was done.
common() { # PORT
  cat <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
user = root
workers = 0
swift_dir = /etc/swift
devices = $folder/srv
mount_check = false
fallocate_reserve = 0
log_address = /dev/null
log_level = WARNING
conn_timeout = 20
node_timeout = 60
container_update_timeout = 60
END
}

storage_server() { # KIND PORT
  common "$2"
  printf '[pipeline:main]\npipeline = %s-server\n[app:%s-server]\nuse = egg:swift#%s\n' "$1" "$1" "$1"
}

cat >swift.conf <<END
[swift-hash]
swift_hash_path_prefix = test
swift_hash_path_suffix = test
[storage-policy:0]
name = only
default = yes
END
storage_server account "$account" >account-server.conf
storage_server container "$container" >container-server.conf
storage_server object "$object" >object-server.conf
# What nine calls of swift-ring-builder would do, each as slow as this: one device, one replica.
/usr/bin/python3 - "account:$account" "container:$container" "object:$object" <<'END'
import sys
from swift.common.ring import RingBuilder
for kind, port in (pair.split(':') for pair in sys.argv[1:]):
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'replication_ip': '127.0.0.1',
                  'replication_port': int(port), 'device': 'd1', 'weight': 100, 'meta': ''})
    ring.rebalance()
    ring.get_ring().save('/etc/swift/%s.ring.gz' % kind)
END
{
  common "$proxy"
  cat <<END
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcache
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
END
  for filter in catch_errors gatekeeper healthcheck listing_formats copy slo dlo; do
    printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$filter"
  done
} >proxy-server.conf

export PYTHONWARNINGS=ignore
cd "$folder"
memcached -l 127.0.0.1 -p "$memcache" -u nobody -m 64 2>log/memcached.log &
for kind in account container object proxy; do
  "swift-$kind-server" "/etc/swift/$kind-server.conf" >"log/$kind.log" 2>&1 &
done
# As the first process of its namespace it takes all of them with it when it ends.
wait -n
echo "a server of Swift ended: see $folder/log" >&2
exit 1
