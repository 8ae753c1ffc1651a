package cluster

import (
	"strings"
	"testing"
)

// psql has the built-in database's superuser say something.
func psql(t *testing.T, database, statement string) string {
	t.Helper()
	return in(t, "exec", release+"-postgres-0", "-c", "postgres", "--", "psql", "-U", "postgres", "-d", database, "-At", "-v", "ON_ERROR_STOP=1", "-c", statement)
}

// A migration that fails leaves the version before serving, and its Job's log says why. With a second version, new pods wait for their schema,
// and once the obstacle is away the Job comes to its end by itself; with one version alone, a migration that was changed afterwards fails.
func goesOnWithoutItsMigration(t *testing.T) {
	if settings.nextTag == "" {
		wasChangedAfterwards(t)
		return
	}
	// Stories before this one have migrated already: back to where this version left the schema.
	psql(t, "betting", `ALTER TABLE markets DROP COLUMN IF EXISTS told_next; DROP TABLE IF EXISTS of_next; DELETE FROM _sqlx_migrations WHERE version = 9999`)
	psql(t, "betting", `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nobody changes tables today'; END $$`)
	psql(t, "betting", `CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()`)
	lift := func() { psql(t, "betting", `DROP EVENT TRIGGER IF EXISTS refuse; DROP FUNCTION IF EXISTS refuse()`) }
	t.Cleanup(lift)
	helm(t, append([]string{"upgrade", release, chart()}, ofTest("--set", "image.tag="+settings.nextTag)...)...)
	eventually(t, "a Job whose log says why", func() bool {
		logs, _ := run("", "kubectl", "-n", namespace, "logs", "-l", "app=migrate-betting", "--tail=50")
		return strings.Contains(logs, "nobody changes tables today")
	})
	pod := newest(t, "betting")
	eventually(t, "an answer that names the schema", func() bool {
		answer := readiness(t, pod)
		return strings.Contains(answer, "the database's schema has version") && strings.Contains(answer, "run migrate")
	})
	goesOn(t)
	lift()
	rolled(t, release+"-betting")
}

func wasChangedAfterwards(t *testing.T) {
	newest := psql(t, "betting", `SELECT max(version) FROM _sqlx_migrations`)
	sum := psql(t, "betting", `SELECT encode(checksum, 'hex') FROM _sqlx_migrations WHERE version = `+newest)
	mend := func() {
		psql(t, "betting", `UPDATE _sqlx_migrations SET checksum = decode('`+sum+`', 'hex') WHERE version = `+newest)
	}
	t.Cleanup(mend)
	psql(t, "betting", `UPDATE _sqlx_migrations SET checksum = decode('00', 'hex') WHERE version = `+newest)
	// Another time-out of the database's is another Job.
	helm(t, append([]string{"upgrade", release, chart()}, ofTest("--set", "betting.config.database.statement_timeout_ms=4321")...)...)
	eventually(t, "a Job whose log says why", func() bool {
		logs, _ := run("", "kubectl", "-n", namespace, "logs", "-l", "app=migrate-betting", "--tail=50")
		return strings.Contains(logs, "migration "+newest+" was previously applied but has been modified")
	})
	goesOn(t)
	mend()
	in(t, "wait", "--for=condition=Complete", "job", "-l", "app.kubernetes.io/name=migrate-betting", "--timeout=3m")
}
