"""The floor: one PostgreSQL, tenants, encryption, migrations, jobs, audit."""
