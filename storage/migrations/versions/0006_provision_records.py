"""Provision records (番号法23条), and the audit log that makes them and every step provable."""

from alembic import op

from storage.migrations.isolation import append_only, isolate

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

EVERYONE = "CREATE POLICY public_rows ON madoguchi.{table} FOR SELECT USING (true)"


def upgrade() -> None:
    """Records, who they are about, and the log they are sealed in."""
    _records()
    _people()
    _log()
    _map()


def _records() -> None:
    op.execute(
        """
        CREATE TABLE madoguchi.provision_record (
            tenant varchar(6) NOT NULL,
            record_id uuid NOT NULL,
            exchange_id text NOT NULL,
            addressee text NOT NULL,
            side text NOT NULL CONSTRAINT ck_provision_record_side CHECK (side IN ('asker', 'holder', 'core')),
            asker_code text NOT NULL,
            asker_name text NOT NULL,
            asker_office text NOT NULL,
            holder_code text NOT NULL,
            holder_name text NOT NULL,
            holder_office text NOT NULL,
            requested_at timestamptz NOT NULL,
            provided_at timestamptz,
            affair_code text NOT NULL,
            affair_name text NOT NULL,
            items jsonb NOT NULL,
            law_row text NOT NULL,
            law_clause text NOT NULL,
            law_table_version text NOT NULL,
            outcome text NOT NULL,
            purpose text NOT NULL,
            application_receipt text,
            corrects uuid,
            disclosure text NOT NULL
                CONSTRAINT ck_provision_record_disclosure CHECK (disclosure IN ('visible', 'withheld')),
            salt bytea NOT NULL CONSTRAINT ck_provision_record_salt CHECK (octet_length(salt) = 32),
            recorded_at timestamptz NOT NULL,
            keep_until date NOT NULL,
            CONSTRAINT pk_provision_record PRIMARY KEY (tenant, record_id)
        )
        """
    )
    # The resident's list reads this index and nothing else; hidden rows are not in it, so they cost no time either.
    op.execute(
        "CREATE INDEX ix_provision_record_list ON madoguchi.provision_record"
        " (tenant, addressee, requested_at DESC, record_id DESC) WHERE disclosure = 'visible'"
    )
    op.execute(
        "CREATE INDEX ix_provision_record_withheld ON madoguchi.provision_record (tenant, addressee)"
        " WHERE disclosure = 'withheld'"
    )
    op.execute(
        "CREATE INDEX ix_provision_record_exchange ON madoguchi.provision_record (tenant, exchange_id)"
    )
    op.execute(
        "CREATE INDEX ix_provision_record_corrects ON madoguchi.provision_record (tenant, corrects)"
        " WHERE corrects IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_provision_record_keep ON madoguchi.provision_record (tenant, keep_until)")
    isolate(
        "provision_record",
        resident_column="addressee",
        resident_extra="AND disclosure = 'visible'",
        grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE (disclosure), DELETE"},
    )
    op.execute(
        """
        CREATE FUNCTION madoguchi.guard_provision_record() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.keep_until >= (now() AT TIME ZONE 'Asia/Tokyo')::date THEN
                    RAISE EXCEPTION 'a provision record is kept until %', OLD.keep_until
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN OLD;
            END IF;
            IF to_jsonb(NEW) - 'disclosure' IS DISTINCT FROM to_jsonb(OLD) - 'disclosure' THEN
                RAISE EXCEPTION 'a provision record is corrected by a new record, never changed'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON madoguchi.provision_record"
        " FOR EACH ROW EXECUTE FUNCTION madoguchi.guard_provision_record()"
    )
    op.execute(
        "CREATE TRIGGER guard_table BEFORE TRUNCATE ON madoguchi.provision_record"
        " FOR EACH STATEMENT EXECUTE FUNCTION madoguchi.refuse_change()"
    )
    # The seal of a record outlives its content: at the end of the retention period body and salt go, this stays.
    op.execute(
        """
        CREATE TABLE madoguchi.provision_leaf (
            tenant varchar(6) NOT NULL,
            record_id uuid NOT NULL,
            leaf bytea NOT NULL CONSTRAINT ck_provision_leaf_hash CHECK (octet_length(leaf) = 32),
            txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            CONSTRAINT pk_provision_leaf PRIMARY KEY (tenant, record_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_provision_leaf_txid ON madoguchi.provision_leaf (tenant, txid, record_id)")
    append_only("provision_leaf")
    isolate("provision_leaf", grants={"worker": "SELECT, INSERT"})


def _people() -> None:
    op.execute(
        """
        CREATE TABLE madoguchi.provision_person (
            tenant varchar(6) NOT NULL,
            addressee text NOT NULL,
            visible_salt bytea NOT NULL,
            hidden_key bytea NOT NULL,
            visible_count bigint NOT NULL DEFAULT 0
                CONSTRAINT ck_provision_person_count CHECK (visible_count >= 0),
            CONSTRAINT pk_provision_person PRIMARY KEY (tenant, addressee)
        )
        """
    )
    isolate(
        "provision_person",
        resident_column="addressee",
        grants={
            "web": "SELECT (tenant, addressee, visible_salt, visible_count)",
            "worker": "SELECT, INSERT, UPDATE",
        },
    )
    op.execute(
        """
        CREATE TABLE madoguchi.provision_mark (
            tenant varchar(6) NOT NULL,
            id uuid NOT NULL,
            record_id uuid NOT NULL,
            disclosure text NOT NULL
                CONSTRAINT ck_provision_mark_disclosure CHECK (disclosure IN ('visible', 'withheld')),
            ground text NOT NULL,
            proposed_by text NOT NULL,
            approved_by text NOT NULL,
            marked_at timestamptz NOT NULL,
            salt bytea NOT NULL,
            CONSTRAINT pk_provision_mark PRIMARY KEY (tenant, id),
            CONSTRAINT ck_provision_mark_two_persons CHECK (proposed_by <> approved_by)
        )
        """
    )
    op.execute("CREATE INDEX ix_provision_mark_record ON madoguchi.provision_mark (tenant, record_id)")
    append_only("provision_mark")
    isolate("provision_mark", grants={"worker": "SELECT, INSERT"})
    op.execute(
        """
        CREATE TABLE madoguchi.provision_source (
            tenant varchar(6) NOT NULL,
            source text NOT NULL,
            shown_from date NOT NULL,
            as_of timestamptz NOT NULL,
            state text NOT NULL CONSTRAINT ck_provision_source_state CHECK (state IN ('current', 'delayed', 'stopped')),
            CONSTRAINT pk_provision_source PRIMARY KEY (tenant, source)
        )
        """
    )
    isolate("provision_source", grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE"})
    op.execute(EVERYONE.format(table="provision_source"))


def _log() -> None:
    # Every step says which transaction wrote it: so its head is found without a queue that writers would wait for.
    op.execute("ALTER TABLE madoguchi.step ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.execute("CREATE INDEX ix_step_txid ON madoguchi.step (tenant, txid)")
    op.execute(
        """
        CREATE TABLE madoguchi.audit_log (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            size bigint NOT NULL DEFAULT 0,
            mark xid8 NOT NULL DEFAULT '0',
            mark_ref uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
            checkpoints bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_audit_log PRIMARY KEY (tenant, log)
        )
        """
    )
    isolate("audit_log", grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE"})
    op.execute(
        """
        CREATE TABLE madoguchi.audit_position (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            seq bigint NOT NULL,
            ref uuid NOT NULL,
            sub bigint NOT NULL,
            txid xid8 NOT NULL,
            CONSTRAINT pk_audit_position PRIMARY KEY (tenant, log, seq)
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_audit_position_ref ON madoguchi.audit_position (tenant, log, ref, sub)"
    )
    append_only("audit_position")
    isolate("audit_position", grants={"web": "SELECT", "worker": "SELECT, INSERT"})
    # A resident learns the places of the records she can see, and of no others: the inner SELECT is under its own policy.
    op.execute(
        """
        CREATE POLICY resident_rows ON madoguchi.audit_position FOR SELECT TO madoguchi_web USING (
            log = 'provision_records' AND EXISTS (
                SELECT 1 FROM madoguchi.provision_record r
                WHERE r.tenant = audit_position.tenant AND r.record_id = audit_position.ref))
        """
    )
    op.execute(
        """
        CREATE TABLE madoguchi.audit_tile (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            level smallint NOT NULL,
            tile bigint NOT NULL,
            hashes bytea NOT NULL
                CONSTRAINT ck_audit_tile_hashes CHECK (octet_length(hashes) BETWEEN 32 AND 8192
                                                       AND octet_length(hashes) % 32 = 0),
            CONSTRAINT pk_audit_tile PRIMARY KEY (tenant, log, level, tile)
        )
        """
    )
    op.execute("ALTER TABLE madoguchi.audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL")
    op.execute(
        """
        CREATE FUNCTION madoguchi.guard_audit_tile() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'UPDATE' OR substring(NEW.hashes FOR octet_length(OLD.hashes)) <> OLD.hashes
               OR (NEW.tenant, NEW.log, NEW.level, NEW.tile) <> (OLD.tenant, OLD.log, OLD.level, OLD.tile) THEN
                RAISE EXCEPTION 'hashes are added to a tile, never changed'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON madoguchi.audit_tile"
        " FOR EACH ROW EXECUTE FUNCTION madoguchi.guard_audit_tile()"
    )
    op.execute(
        "CREATE TRIGGER guard_table BEFORE TRUNCATE ON madoguchi.audit_tile"
        " FOR EACH STATEMENT EXECUTE FUNCTION madoguchi.refuse_change()"
    )
    isolate("audit_tile", grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE (hashes)"})
    op.execute(
        """
        CREATE TABLE madoguchi.audit_key (
            tenant varchar(6) NOT NULL,
            key_id text NOT NULL,
            public bytea NOT NULL,
            sealed bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_audit_key PRIMARY KEY (tenant, key_id)
        )
        """
    )
    isolate(
        "audit_key",
        grants={
            "web": "SELECT (tenant, key_id, public, created_at)",
            "worker": "SELECT, INSERT, UPDATE (sealed)",
        },
    )
    op.execute(
        """
        CREATE TABLE madoguchi.audit_checkpoint (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            number bigint NOT NULL,
            size bigint NOT NULL,
            root bytea NOT NULL,
            map_root bytea NOT NULL,
            made_at timestamptz NOT NULL,
            body bytea NOT NULL,
            key_id text NOT NULL,
            signature bytea NOT NULL,
            CONSTRAINT pk_audit_checkpoint PRIMARY KEY (tenant, log, number)
        )
        """
    )
    append_only("audit_checkpoint")
    isolate("audit_checkpoint", grants={"web": "SELECT", "worker": "SELECT, INSERT"})
    op.execute(
        """
        CREATE TABLE madoguchi.audit_stamp (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            number bigint NOT NULL,
            token bytea NOT NULL,
            stamped_at timestamptz NOT NULL,
            CONSTRAINT pk_audit_stamp PRIMARY KEY (tenant, log, number)
        )
        """
    )
    append_only("audit_stamp")
    isolate("audit_stamp", grants={"web": "SELECT", "worker": "SELECT, INSERT"})
    # Hashes, signatures and public keys say nothing about anybody; anyone who checks a proof may need them.
    for table in ("audit_tile", "audit_key", "audit_checkpoint", "audit_stamp"):
        op.execute(EVERYONE.format(table=table))


def _map() -> None:
    op.execute(
        """
        CREATE TABLE madoguchi.audit_map_entry (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            bucket integer NOT NULL,
            key bytea NOT NULL,
            count bigint NOT NULL,
            root bytea NOT NULL,
            edge bytea NOT NULL,
            CONSTRAINT pk_audit_map_entry PRIMARY KEY (tenant, log, bucket, key)
        )
        """
    )
    isolate(
        "audit_map_entry",
        grants={
            "web": "SELECT (tenant, log, bucket, key, count, root)",
            "worker": "SELECT, INSERT, UPDATE, DELETE",
        },
    )
    op.execute(
        """
        CREATE TABLE madoguchi.audit_map_node (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            level smallint NOT NULL,
            node integer NOT NULL,
            hash bytea NOT NULL,
            CONSTRAINT pk_audit_map_node PRIMARY KEY (tenant, log, level, node)
        )
        """
    )
    isolate("audit_map_node", grants={"web": "SELECT", "worker": "SELECT, INSERT, UPDATE"})
    op.execute(
        """
        CREATE TABLE madoguchi.audit_map_dirty (
            tenant varchar(6) NOT NULL,
            log text NOT NULL,
            person text NOT NULL,
            CONSTRAINT pk_audit_map_dirty PRIMARY KEY (tenant, log, person)
        )
        """
    )
    isolate("audit_map_dirty", grants={"worker": "SELECT, INSERT, DELETE"})
    # Keys of the map are pseudonyms that only the person's own proof can be tied to.
    for table in ("audit_map_entry", "audit_map_node"):
        op.execute(EVERYONE.format(table=table))


def downgrade() -> None:
    """Records are kept seven years by law: there is no way back."""
    raise RuntimeError("Provision records and their log are not thrown away: restore a backup instead.")
