-- Forges do not sign the ids of their deliveries: who sends a body again under another id is known
-- by the body. SHA-256 of it, in hexadecimal.
alter table forge_deliveries
  add column digest text not null,
  add unique (forge_id, digest);
