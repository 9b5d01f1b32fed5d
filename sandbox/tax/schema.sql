CREATE TABLE IF NOT EXISTS tax.assessment (business_number text NOT NULL, tax_year int NOT NULL, version int NOT NULL,
    as_of date NOT NULL, figures jsonb NOT NULL, PRIMARY KEY (business_number, tax_year, version));
CREATE INDEX IF NOT EXISTS assessment_as_of ON tax.assessment (as_of);
