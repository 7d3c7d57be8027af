-- Run by the image after 10-roles.sh, once, in the database of the program; and by deploy/restore.sh in one that takes its place, because
-- a dump does not hold what is granted on the database itself.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" OWNER TO course_supporter_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO course_supporter, course_supporter_queue;
GRANT CREATE ON DATABASE :"database" TO course_supporter_queue;
