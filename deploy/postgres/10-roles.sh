#!/usr/bin/env bash
# Runs once, when the database is created: makes the two roles that Retainer signs in as.
#
#   owner   owns the database and its tables; migrations run as this role
#   app     reads and writes rows, nothing else. It neither owns a table nor may bypass row-level
#           security, so the walls between agencies hold in the database too
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
CREATE ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
\connect :"database"
-- What migrations create later, the app may use: rows, never the tables themselves.
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO :"app";
SQL
