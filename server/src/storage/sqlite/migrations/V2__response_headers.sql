-- What a receiver's answer said beside its body: lines "name: value", each ended by CR LF, 2,048 bytes at most.
-- NULL: none was kept, or the attempt is older than this column, or there was no answer.
ALTER TABLE attempt ADD COLUMN headers BLOB;
