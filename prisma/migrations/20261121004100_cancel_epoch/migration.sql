-- Goes on with every cancel of an evaluation's builds, so that a reading that is under way knows that
-- what it has seen to may be canceled since.
create sequence cancel_epoch;
