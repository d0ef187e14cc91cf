/* Where the databases are: their bytes in the simulated disk, their locks beside an empty file in a real folder. */
#ifndef TESTS_SIM_PATH_H
#define TESTS_SIM_PATH_H

#include <stdint.h>

/* The parent makes the folder, and takes it away: a worker may die. */
void path_begin(void);
void path_remove(long workers);

/* This worker's. */
void path_make(uint64_t worker);
const char *path_of_database(void);
const char *path_of_log(void);

#endif
