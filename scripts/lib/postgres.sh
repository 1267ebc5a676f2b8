# shellcheck shell=bash
# A private Postgres for the tests: its own folder, its own free port on 127.0.0.1, gone afterwards.
# It touches no other server on the machine. Needs common.sh. Source it; it only defines functions.
#
#   postgres_start DIR   creates and starts a server below DIR, writes its address to DIR/url
#   postgres_stop DIR    stops it by its process id and removes DIR; safe to call at any time
#
# The server forgets how to survive a crash (fsync and friends are off), which is what makes the
# tests quick. Never point anything that matters at it.

# Prints the folder that holds initdb and postgres, or fails. The newest version wins.
postgres_bindir() {
  local candidate found=''
  local -a candidates=()
  ! have pg_config || candidates+=("$(pg_config --bindir 2>/dev/null)")
  for candidate in \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    /Applications/Postgres.app/Contents/Versions/latest/bin; do
    candidates+=("$candidate")
  done
  ! have initdb || candidates+=("$(dirname "$(command -v initdb)")")
  for candidate in "${candidates[@]}"; do
    [[ -x $candidate/initdb && -x $candidate/postgres && -x $candidate/pg_ctl ]] || continue
    [[ -z $found || $(postgres_major "$candidate") -gt $(postgres_major "$found") ]] || continue
    found=$candidate
  done
  [[ -n $found ]] && say "$found"
}

postgres_major() {
  "$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*$/\1/'
}

# Installs the server on Debian and Ubuntu, as root, without leaving a cluster or a service behind.
postgres_install() {
  [[ $(id -u) -eq 0 ]] && have apt-get || return 1
  say "Postgres is not installed: installing the package postgresql (no cluster, no service)"
  local policy=/usr/sbin/policy-rc.d conf=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
  local made_policy='' status=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made_policy=yes
  fi
  mkdir -p "$(dirname "$conf")" && printf 'create_main_cluster = false\n' >"$conf"
  {
    apt_get update -qq
    apt_get install -y -qq --no-install-recommends postgresql
  } || status=1
  rm -f "$conf"
  [[ -z $made_policy ]] || rm -f "$policy"
  return "$status"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# The user that runs the server. Postgres refuses to run as root.
postgres_user() {
  local user
  if [[ $(id -u) -ne 0 ]]; then
    id -un
    return
  fi
  for user in postgres nobody; do
    if id "$user" >/dev/null 2>&1; then
      say "$user"
      return
    fi
  done
  return 1
}

# Prints a port on 127.0.0.1 that nobody listens on, below the range the system gives to clients.
postgres_free_port() {
  local port
  for _ in {1..50}; do
    port=$((15000 + RANDOM % 15000))
    # A connection that is refused means the port is free.
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      say "$port"
      return
    fi
  done
  return 1
}

postgres_start() {
  local dir=$1 bindir user port locale=C attempt
  bindir=$(postgres_bindir) || { complain "no Postgres server was found"; return 1; }
  user=$(postgres_user) || { complain "no unprivileged user to run Postgres as"; return 1; }

  mkdir -p "$dir" && chmod 700 "$dir" || return 1
  [[ $user == "$(id -un)" ]] || chown "$user" "$dir" || return 1
  if ! as_user "$user" test -w "$dir"; then
    complain "the user $user cannot reach $dir: set TMPDIR to a folder that everyone can enter"
    return 1
  fi

  # Order text by code point, as SQLite does; with lower() for all of Unicode where there is C.UTF-8.
  ! locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$' || locale=C.UTF-8
  if ! as_user "$user" "$bindir/initdb" --pgdata="$dir/data" --username=postgres --auth=trust \
    --encoding=UTF8 --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1; then
    complain "initdb failed:"
    cat "$dir/initdb.log" >&2
    return 1
  fi
  as_user "$user" tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
CONF

  # Another program may take the port between the look and the start: then try the next one.
  for attempt in 1 2 3 4 5; do
    port=$(postgres_free_port) || { complain "no free port on 127.0.0.1"; return 1; }
    if as_user "$user" "$bindir/pg_ctl" start --pgdata="$dir/data" --log="$dir/postgres.log" \
      --options="-p $port" --wait --timeout=60 --silent </dev/null >"$dir/pg_ctl.log" 2>&1; then
      printf 'postgres://postgres@127.0.0.1:%s/postgres\n' "$port" >"$dir/url"
      say "Postgres $(postgres_major "$bindir") listens on 127.0.0.1:$port"
      return 0
    fi
    complain "Postgres did not start on port $port (attempt $attempt of 5)"
  done
  cat "$dir/pg_ctl.log" "$dir/postgres.log" >&2
  return 1
}

postgres_stop() {
  local dir=$1 pid signal
  [[ -n $dir && -d $dir ]] || return 0
  pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || pid=''
  if [[ $pid =~ ^[0-9]+$ ]]; then
    # INT: fast shutdown, clients are cut off. QUIT: at once. Nothing here needs saving.
    for signal in INT QUIT; do
      kill -s "$signal" "$pid" 2>/dev/null || break
      for _ in {1..50}; do
        kill -0 "$pid" 2>/dev/null || break 2
        sleep 0.1
      done
    done
    ! kill -0 "$pid" 2>/dev/null || complain "the private Postgres (process $pid) does not stop"
  fi
  rm -rf "$dir"
}
