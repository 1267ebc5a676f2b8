# shellcheck shell=bash
# Redis for the tests that want one: each starts a server of its own, so only the program is needed.
# Needs common.sh and postgres.sh. Source it; it only defines functions.

# Installs the server on Debian and Ubuntu, as root, without leaving a service behind.
redis_install() {
  [[ $(id -u) -eq 0 ]] && have apt-get || return 1
  say "Redis is not installed: installing the package redis-server (no service)"
  local policy=/usr/sbin/policy-rc.d made_policy='' status=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made_policy=yes
  fi
  {
    apt_get update -qq
    apt_get install -y -qq --no-install-recommends redis-server
  } || status=1
  [[ -z $made_policy ]] || rm -f "$policy"
  have redis-server || status=1
  return "$status"
}
