#!/bin/sh
# Runs PostgreSQL; makes its folder $PGDATA first where there is none, with the superuser $POSTGRES_USER and the password
# in $POSTGRES_PASSWORD_FILE. Arguments go to postgres.
set -eu

fail() {
	echo "postgres-entrypoint: $*" >&2
	exit 64
}

make_pgdata() {
	[ -s "${POSTGRES_PASSWORD_FILE:-}" ] ||
		fail "POSTGRES_PASSWORD_FILE must name a file that holds a password, not '${POSTGRES_PASSWORD_FILE:-}'"
	# initdb syncs what it has written, so what bears the name PGDATA is whole, whenever this ends.
	rm -rf "$PGDATA.new"
	initdb --pgdata="$PGDATA.new" --username="${POSTGRES_USER:-postgres}" --pwfile="$POSTGRES_PASSWORD_FILE" \
		--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums
	echo 'host all all all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
	sync "$PGDATA.new/pg_hba.conf"
	mv -T "$PGDATA.new" "$PGDATA"
	sync "$(dirname "$PGDATA")"
}

[ -n "${PGDATA:-}" ] || fail "PGDATA is not set"
if [ ! -e "$PGDATA" ]; then
	make_pgdata
elif [ ! -s "$PGDATA/PG_VERSION" ]; then
	fail "$PGDATA is there, but is no database; move it away to start with an empty one"
fi
# A kubelet that gives the volume to the pod's group opens this folder to it as well, and PostgreSQL would refuse it.
chmod 0700 "$PGDATA"
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
