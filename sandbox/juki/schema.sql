CREATE TABLE IF NOT EXISTS juki.person (key text PRIMARY KEY, juki_code text NOT NULL UNIQUE, number text NOT NULL UNIQUE,
    profile jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS juki.former_number (number text PRIMARY KEY, key text NOT NULL REFERENCES juki.person,
    until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS juki.certificate (serial text PRIMARY KEY, issuer text NOT NULL, key text NOT NULL REFERENCES
    juki.person, entered_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS juki.request (id text PRIMARY KEY, org text NOT NULL, kind text NOT NULL, status text NOT NULL,
    at timestamptz NOT NULL);
