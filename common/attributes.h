/* The three compiler attributes this project uses, under short names. Nothing else clever belongs here. */
#ifndef COMMON_ATTRIBUTES_H
#define COMMON_ATTRIBUTES_H

/* Runs fn(&variable) when the variable goes out of scope: for handles (files, statements, library objects). */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* The function takes a printf format at parameter f and its arguments from parameter a on. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The caller must look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

#endif
