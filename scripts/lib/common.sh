# shellcheck shell=bash
# What the scripts share. Source it; it defines functions and does nothing.

# A check that cannot run here ends with this status. It is neither a pass nor a failure, and the
# summary of scripts/test shows it.
readonly SKIPPED=77

have() { command -v "$1" >/dev/null 2>&1; }

say() { printf '%s\n' "$*"; }

complain() { printf '%s\n' "$*" >&2; }

# skip REASON: says why a check does not run. Use as `skip "..."; return $?`.
skip() {
  say "SKIPPED: $*"
  [[ -z ${RETAINER_SKIP_NOTE:-} ]] || printf '%s\n' "$*" >"$RETAINER_SKIP_NOTE"
  return "$SKIPPED"
}

# seconds_since START: whole seconds, for START taken from $SECONDS.
seconds_since() { printf '%d' "$((SECONDS - $1))"; }

# as_user USER COMMAND...: runs a command as another user, without a login shell.
as_user() {
  local user=$1
  shift
  if [[ $user == "$(id -un)" ]]; then
    "$@"
  elif have runuser; then
    runuser -u "$user" -- "$@"
  elif have setpriv; then
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
  else
    complain "neither runuser nor setpriv is installed: cannot run a command as $user"
    return 1
  fi
}
