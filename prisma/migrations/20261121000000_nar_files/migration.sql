-- A nar is asked for by its file name, and a collector asks whether anything offered still has a file.
create index nars_by_file on nars (file_key);
