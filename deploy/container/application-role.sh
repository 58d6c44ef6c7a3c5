#!/bin/sh
# Run by PostgreSQL's image once, when it makes the database: the application's role, which `weatherhead database migrate
# --role` gives its rights, and the extension that only a superuser can add.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="${APPLICATION_PASSWORD:?postgres.env has no APPLICATION_PASSWORD}" <<'SQL'
CREATE ROLE weatherhead_app LOGIN PASSWORD :'password';
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SQL
