-- Why the attempt before failed, while a job waits for another or is at it.
ALTER TABLE jobs
  ADD COLUMN last_error_code text,
  ADD COLUMN last_error_message text,
  ADD CHECK ((last_error_code IS NULL) = (last_error_message IS NULL));
