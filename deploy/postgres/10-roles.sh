#!/usr/bin/env bash
# Runs once, when the database is created: makes the two roles that Retainer signs in as, and the two
# that every transaction steps down to.
#
#   owner              owns the database and its tables; migrations run as this role
#   app                the server signs in as it. It owns nothing and has no rights of its own
#   retainer_runtime   reads and writes the rows of one agency, under row-level security
#   retainer_platform  reads and writes the rows of all agencies: the queue, the owner's migrations
#
# Policies and grants on the tables are made by `retainer migrate up`, for later tables too.
#
# Names and passwords come from the two connection URLs, so that each password is kept once. Letters
# and digits are what deploy/make-secrets writes; a URL with escapes in it is refused.
set -euo pipefail

# part URL_FILE user|password|database
part() {
  local url
  url=$(tr -d '[:space:]' <"$1")
  if [[ ! $url =~ ^postgres(ql)?://([A-Za-z0-9_]+):([A-Za-z0-9_.-]+)@[^/]+/([A-Za-z0-9_]+)$ ]]; then
    echo "$1 must read postgres://USER:PASSWORD@HOST:PORT/DATABASE, in letters and digits" >&2
    return 1
  fi
  case $2 in
    user) echo "${BASH_REMATCH[2]}" ;;
    password) echo "${BASH_REMATCH[3]}" ;;
    database) echo "${BASH_REMATCH[4]}" ;;
  esac
}

readonly owner_url=${OWNER_URL_FILE:-/run/secrets/database_owner_url}
readonly app_url=${APP_URL_FILE:-/run/secrets/database_url}

owner=$(part "$owner_url" user)
owner_password=$(part "$owner_url" password)
app=$(part "$app_url" user)
app_password=$(part "$app_url" password)
database=$(part "$app_url" database)

# The passwords go in by way of the environment: a command line can be read by others.
export owner_password app_password
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
  --dbname postgres --set=owner="$owner" --set=app="$app" --set=database="$database" <<'SQL'
\getenv owner_password owner_password
\getenv app_password app_password
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE retainer_runtime NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE retainer_platform NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
GRANT retainer_runtime, retainer_platform TO :"app";
GRANT retainer_platform TO :"owner";
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
SQL
