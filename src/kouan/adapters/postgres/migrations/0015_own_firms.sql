-- Whose account it is: the firms that it acts for, and the carriers and consignees by which papers and lots are found.

ALTER TABLE access_accounts ADD COLUMN firms text[] NOT NULL DEFAULT '{}';

ALTER TABLE papers_confirmations ADD COLUMN carrier text NOT NULL DEFAULT '';
UPDATE papers_confirmations SET carrier = coalesce(convert_from(document, 'UTF8')::jsonb ->> 'carrier', '');
CREATE INDEX papers_confirmations_carrier ON papers_confirmations (port, carrier, submitted_at DESC);
CREATE INDEX papers_confirmations_vehicle ON papers_confirmations (port, plate, submitted_at DESC);

CREATE INDEX release_lots_consignee ON release_lots (port, consignee, declared_at DESC);
