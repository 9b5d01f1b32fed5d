CREATE TABLE IF NOT EXISTS core.acquisition (token text PRIMARY KEY, acquisition_id text NOT NULL UNIQUE, org text NOT NULL,
    via text NOT NULL, opened_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS core.fugo (fugo text PRIMARY KEY, org text NOT NULL, person text NOT NULL, since timestamptz NOT NULL,
    UNIQUE (org, person));
CREATE TABLE IF NOT EXISTS core.result (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, via text NOT NULL,
    acquisition_id text NOT NULL, fugo text NOT NULL);
CREATE INDEX IF NOT EXISTS result_via ON core.result (via, seq);
CREATE TABLE IF NOT EXISTS core.exchange (exchange_id text PRIMARY KEY, inquiry_id text NOT NULL UNIQUE, request_digest text
    NOT NULL, asker text NOT NULL, holder text NOT NULL, person text, answer jsonb NOT NULL, decided_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS core.record (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, exchange_id text NOT NULL UNIQUE,
    person text, asker text NOT NULL, holder text NOT NULL, record jsonb NOT NULL, outcome text NOT NULL,
    provided_at timestamptz, at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS record_person ON core.record (person, seq);
CREATE INDEX IF NOT EXISTS record_asker ON core.record (asker, seq);
