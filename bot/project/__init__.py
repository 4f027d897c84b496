"""The files of a group and those that ship, read and checked, as one frozen project."""
