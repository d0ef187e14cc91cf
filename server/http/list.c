/* Lists of exchanges: the queues of runnable ones and the topics' parked ones. */
#include "server/http/exchange.h"

void list_append(struct exchange_list *list, struct exchange *exchange) {
    exchange->next = NULL;
    exchange->previous = list->last;
    if (list->last)
        list->last->next = exchange;
    else
        list->first = exchange;
    list->last = exchange;
}

void list_remove(struct exchange_list *list, struct exchange *exchange) {
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        list->first = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    else
        list->last = exchange->previous;
    exchange->next = exchange->previous = NULL;
}
