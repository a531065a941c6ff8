-- When a vehicle was pre-authorised; 0 where that was before it was noted.
ALTER TABLE network_preauthorised ADD COLUMN given_at bigint NOT NULL DEFAULT 0;
