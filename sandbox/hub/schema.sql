CREATE TABLE IF NOT EXISTS hub.site (one boolean PRIMARY KEY DEFAULT true CHECK (one), usual text NOT NULL,
    active text NOT NULL, back_at timestamptz);
CREATE TABLE IF NOT EXISTS hub.subject (org text NOT NULL, danban text NOT NULL, state text NOT NULL, fugo text,
    changed_at timestamptz NOT NULL, PRIMARY KEY (org, danban));
CREATE UNIQUE INDEX IF NOT EXISTS subject_fugo ON hub.subject (org, fugo) WHERE fugo IS NOT NULL;
CREATE TABLE IF NOT EXISTS hub.acquisition (id text PRIMARY KEY, org text NOT NULL, tenant text NOT NULL,
    danban text NOT NULL, token text, status text NOT NULL, opened_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS acquisition_open ON hub.acquisition (expires_at) WHERE status = 'NUMBERED';
CREATE TABLE IF NOT EXISTS hub.copy (org text NOT NULL, danban text NOT NULL, item text NOT NULL, version bigint NOT NULL,
    as_of date NOT NULL, layout text NOT NULL, sealed text NOT NULL, leaf text NOT NULL, bucket int NOT NULL,
    PRIMARY KEY (org, danban, item));
CREATE INDEX IF NOT EXISTS copy_bucket ON hub.copy (org, item, bucket);
CREATE TABLE IF NOT EXISTS hub.copy_batch (id text PRIMARY KEY, org text NOT NULL, item text NOT NULL, layout text NOT NULL,
    rows int NOT NULL, parts int NOT NULL, merkle_root text NOT NULL, status text NOT NULL, opened_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS hub.copy_part (batch text NOT NULL, part int NOT NULL, row int NOT NULL, danban text NOT NULL,
    version bigint NOT NULL, base_version bigint NOT NULL, as_of date NOT NULL, sealed text NOT NULL, leaf text NOT NULL,
    code text, PRIMARY KEY (batch, part, row));
CREATE TABLE IF NOT EXISTS hub.inquiry (id text PRIMARY KEY, org text NOT NULL, tenant text NOT NULL, danban text NOT NULL,
    holder text NOT NULL, message jsonb NOT NULL, digest text NOT NULL, status text NOT NULL, exchange_id text, code text,
    law jsonb, accepted_at timestamptz NOT NULL, answer_by timestamptz NOT NULL, tries int NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS inquiry_waiting ON hub.inquiry (next_at) WHERE status = 'ACCEPTED';
CREATE INDEX IF NOT EXISTS inquiry_open ON hub.inquiry (answer_by) WHERE status IN ('ACCEPTED', 'PERMITTED', 'WAITING_MANUAL');
CREATE TABLE IF NOT EXISTS hub.provision (id text PRIMARY KEY, inquiry text NOT NULL REFERENCES hub.inquiry, exchange_id text
    NOT NULL, org text NOT NULL, danban text, status text NOT NULL, permit_until timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS provision_inquiry ON hub.provision (inquiry);
CREATE TABLE IF NOT EXISTS hub.inbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE,
    org text NOT NULL, family text NOT NULL, message jsonb NOT NULL, lease text, leased_until timestamptz,
    deliveries int NOT NULL DEFAULT 0, acked_at timestamptz);
CREATE INDEX IF NOT EXISTS inbox_waiting ON hub.inbox (org, seq) WHERE acked_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS inbox_lease ON hub.inbox (lease) WHERE lease IS NOT NULL;
CREATE TABLE IF NOT EXISTS hub.record_counter (org text PRIMARY KEY, last bigint NOT NULL);
CREATE TABLE IF NOT EXISTS hub.record (org text NOT NULL, seq bigint NOT NULL, record_id text NOT NULL, record jsonb NOT NULL,
    leaf bytea NOT NULL, nondisclosure boolean NOT NULL DEFAULT false, at timestamptz NOT NULL, PRIMARY KEY (org, seq));
CREATE UNIQUE INDEX IF NOT EXISTS record_id ON hub.record (org, record_id);
CREATE TABLE IF NOT EXISTS hub.report (id text PRIMARY KEY, message jsonb NOT NULL, tries int NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL, sent_at timestamptz);
CREATE INDEX IF NOT EXISTS report_waiting ON hub.report (next_at) WHERE sent_at IS NULL;
CREATE TABLE IF NOT EXISTS hub.cursor (name text PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE IF NOT EXISTS hub.freeze (org text NOT NULL, scope text NOT NULL, value text NOT NULL, reason text NOT NULL,
    at timestamptz NOT NULL, PRIMARY KEY (org, scope, value));
