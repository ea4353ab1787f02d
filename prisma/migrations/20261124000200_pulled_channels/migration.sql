-- The channel whose .guix-channel pulled this one in; null: the specification names it.
alter table channel_states add column via text;
