/*
 * Prints the tables of states as docs/engine.md shows them: state_tables.py keeps the two the same.
 */
#include "server/store/states.h"

#include <stdio.h>

static void print_next(const struct state_table *table, const struct state_row *row) {
    const char *separator = "";
    for (size_t i = 0; i < table->count; i++) {
        if (!(row->next & 1u << i))
            continue;
        printf("%s`%s`", separator, table->rows[i].name);
        separator = ", ";
    }
}

static void print_table(const struct state_table *table) {
    printf("\nThe states of %s %s:\n\n", *table->what == 'a' || *table->what == 'e' ? "an" : "a", table->what);
    printf("| state | may become | ended |\n|---|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        printf("| `%s` | ", table->rows[i].name);
        print_next(table, &table->rows[i]);
        printf(" | %s |\n", table->rows[i].end ? "yes" : "");
    }
}

int main(void) {
    const struct state_table *tables[] = {
        &execution_statuses, &execution_places, &stop_modes,  &stage_statuses,    &stage_phases,   &condition_statuses,
        &action_statuses,    &job_states,       &job_cancels, &worker_job_states, &build_statuses,
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        print_table(tables[i]);
    return 0;
}
