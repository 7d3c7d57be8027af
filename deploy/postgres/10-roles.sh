#!/bin/bash
# Run by the image, once, when the database's folder is empty. Makes the roles that the program asks for (ARCHITECTURE.md, decision 0002), none
# of which is the superuser: the owner migrates, the application serves under row-level security, the queue's owner runs jobs.
set -euo pipefail

# They become parts of URLs as they are, and a forgotten placeholder is no password.
for name in POSTGRES_PASSWORD OWNER_PASSWORD APP_PASSWORD QUEUE_PASSWORD; do
  if ! [[ ${!name} =~ ^[A-Za-z0-9]{24,}$ ]]; then
    echo "$name must be 24 letters and digits or more: openssl rand -hex 24" >&2
    # A folder that is not empty is never initialized again: without this, the next start would be one without roles.
    find "$PGDATA" -mindepth 1 -delete
    exit 1
  fi
done

# The superuser comes by this machine's socket alone.
sed -i '1i host all postgres all reject' "$PGDATA/pg_hba.conf"

# psql reads the passwords from its environment, so that no list of processes shows them.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\getenv queue_password QUEUE_PASSWORD
SET log_min_error_statement = panic;

CREATE ROLE course_supporter_tenant NOLOGIN;
CREATE ROLE course_supporter_operator NOLOGIN;
CREATE ROLE course_supporter_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE course_supporter LOGIN PASSWORD :'app_password';
CREATE ROLE course_supporter_queue LOGIN PASSWORD :'queue_password';
GRANT course_supporter_tenant TO course_supporter WITH INHERIT TRUE, SET TRUE;
GRANT course_supporter_operator TO course_supporter WITH INHERIT FALSE, SET TRUE;
GRANT course_supporter_operator TO course_supporter_owner WITH INHERIT TRUE, SET TRUE;
SQL
