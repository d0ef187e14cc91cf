/*
 * Forms. Programs differ in what they leave as it is (`~`, `'`, `/`) and in the case of their hex digits; each set
 * below is one that a well-known program has.
 */
#include "runner/mask_forms.h"

#include "common/hash.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define FORM_CEILING (1024 * 1024)
#define ENCODED_MAX (8 * 1024) /* longer secrets are keys and whole files: as they are, and line by line */
#define LINE_LEAST 8
#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

struct forms {
    mask_take *take;
    void *context;
};

static void give(const struct forms *forms, const char *form, size_t length) {
    if (length >= MASK_LEAST_LENGTH)
        forms->take(forms->context, form, length, false);
}

static void give_base64_text(const struct forms *forms, const char *form, size_t length) {
    if (length >= MASK_LEAST_LENGTH)
        forms->take(forms->context, form, length, true);
}

static void give_str(const struct forms *forms, struct str *str) {
    if (!str->cut)
        give(forms, str_text(str), str->length);
    if (str->length > 0)
        hash_wipe(str->text, str->length);
    str_clear(str);
}

/* A key in PEM is printed with something before each line as often as not. */
static void give_lines(const struct forms *forms, const char *text, size_t length) {
    const char *end = text + length;
    for (const char *at = text; at < end;) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((feed ? feed : end) - at);
        size_t shown = size > 0 && at[size - 1] == '\r' ? size - 1 : size;
        if (shown >= LINE_LEAST && shown < length)
            give(forms, at, shown);
        at += size + 1;
    }
}

/* ---- base64 ---- */

static void give_both_alphabets(const struct forms *forms, char *text, size_t length) {
    give_base64_text(forms, text, length);
    bool differs = false;
    for (size_t i = 0; i < length; i++) {
        differs = differs || text[i] == '+' || text[i] == '/';
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    if (differs)
        give_base64_text(forms, text, length);
}

/* As `base64` and `openssl base64` break it, with something before each line as in the log of `docker build`: each line
 * is a form of its own, and of the last also what nothing behind the secret changes. */
static void give_base64_lines(const struct forms *forms, const char *text, size_t whole, size_t length, size_t width) {
    for (size_t at = 0; length > width && at < length; at += width) {
        size_t size = length - at < width ? length - at : width;
        if (size >= LINE_LEAST)
            give(forms, text + at, size);
        if (whole < at + size && whole >= at + LINE_LEAST)
            give(forms, text + at, whole - at);
    }
}

/* With `before` bytes in front that nobody knows: the characters that depend on these, or on what follows, are left
 * out; and once more to the end, for where the secret is the last. */
static void give_base64(const struct forms *forms, const char *secret, size_t length, size_t before) {
    size_t size = before + length;
    char *bytes = calloc(1, size + 1);
    char *text = malloc(HASH_BASE64_SIZE(size));
    if (!bytes || !text)
        abort();
    memcpy(bytes + before, secret, length);
    hash_to_base64(bytes, size, text);
    size_t skipped = before == 0 ? 0 : before + 1;
    size_t whole = size * 8 / 6; /* characters that nothing behind the secret can change */
    size_t all = strlen(text);
    if (before == 0) {
        give_base64_lines(forms, text, whole, all, 76);
        give_base64_lines(forms, text, whole, all, 64);
    }
    char *copy = strdup(text);
    if (!copy)
        abort();
    if (whole > skipped)
        give_both_alphabets(forms, copy + skipped, whole - skipped);
    if (all > whole) {
        size_t unpadded = strcspn(text, "=");
        memcpy(copy, text, all);
        give_both_alphabets(forms, copy + skipped, unpadded - skipped);
        memcpy(copy, text, all);
        give_both_alphabets(forms, copy + skipped, all - skipped);
    }
    hash_wipe(bytes, size);
    hash_wipe(text, all);
    hash_wipe(copy, all);
    free(bytes);
    free(text);
    free(copy);
}

/* ---- percent-encoding ---- */

static void give_percent(const struct forms *forms, const char *secret, const char *kept, const char *digits,
                         bool plus) {
    struct str form = STR_INIT(FORM_CEILING);
    for (const unsigned char *at = (const unsigned char *)secret; *at; at++) {
        if (plus && *at == ' ') {
            str_append_char(&form, '+');
        } else if (strchr(LETTERS_DIGITS, *at) || strchr(kept, *at)) {
            str_append_char(&form, (char)*at);
        } else {
            str_append_char(&form, '%');
            str_append_char(&form, digits[*at >> 4]);
            str_append_char(&form, digits[*at & 15]);
        }
    }
    give_str(forms, &form);
    str_release(&form);
}

static void give_url(const struct forms *forms, const char *secret) {
    static const char upper[] = "0123456789ABCDEF", lower[] = "0123456789abcdef";
    static const struct {
        const char *kept;
        bool plus;
    } programs[] = {
        {"-_.~", false},                 /* RFC 3986: curl, jq, Go's PathEscape */
        {"-_.~/", false},                /* Python's quote */
        {"-_.!~*'()", false},            /* JavaScript's encodeURIComponent */
        {"-_.!~*'();/?:@&=+$,#", false}, /* encodeURI */
        {"-_.~", true},                  /* Go's QueryEscape, Python's quote_plus */
        {"-_.*", true},                  /* forms of browsers, Java */
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        give_percent(forms, secret, programs[i].kept, upper, programs[i].plus);
        give_percent(forms, secret, programs[i].kept, lower, programs[i].plus);
    }
}

/* ---- quoting ---- */

/* Each of `characters` becomes `before` and itself. */
static void give_escaped(const struct forms *forms, const char *secret, const char *characters) {
    struct str form = STR_INIT(FORM_CEILING);
    for (const char *at = secret; *at; at++) {
        if (strchr(characters, *at))
            str_append_char(&form, '\\');
        str_append_char(&form, *at);
    }
    give_str(forms, &form);
    str_release(&form);
}

static void give_replaced(const struct forms *forms, const char *secret, char character, const char *instead) {
    struct str form = STR_INIT(FORM_CEILING);
    for (const char *at = secret; *at; at++) {
        if (*at == character)
            str_append(&form, instead);
        else
            str_append_char(&form, *at);
    }
    give_str(forms, &form);
    str_release(&form);
}

static void give_shell(const struct forms *forms, const char *secret) {
    give_replaced(forms, secret, '\'', "'\\''");                 /* by hand, sh's set -x */
    give_replaced(forms, secret, '\'', "'\"'\"'");               /* Python's shlex.quote */
    give_escaped(forms, secret, "\"\\$`");                       /* between double quotes */
    give_escaped(forms, secret, "\"\\$`!");                      /* the same in an interactive bash */
    give_escaped(forms, secret, " \t!\"#$&'()*;<>?[\\]^`{|}~,"); /* printf %q */
    give_escaped(forms, secret, " \t!\"#$&'()*;<>?[\\]`{|}");
}

static void append_json(struct str *form, unsigned char byte) {
    static const char names[] = "\bb\ff\nn\rr\tt";
    const char *name = byte ? strchr(names, byte) : NULL;
    if (byte == '"' || byte == '\\')
        str_printf(form, "\\%c", byte);
    else if (byte < ' ' && name && (name - names) % 2 == 0)
        str_printf(form, "\\%c", name[1]);
    else if (byte < ' ')
        str_printf(form, "\\u%04x", byte);
    else
        str_append_char(form, (char)byte);
}

static void append_unit(struct str *form, unsigned long unit, bool upper) {
    if (upper)
        str_printf(form, "\\u%04lX", unit);
    else
        str_printf(form, "\\u%04lx", unit);
}

/* One character of UTF-8 as \uXXXX, as writers of pure ASCII have it; how many bytes it was, 0 where it is none. */
static size_t append_unicode(struct str *form, const unsigned char *at, bool upper) {
    size_t more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc2 ? 1 : 0;
    unsigned long code = more == 3 ? *at & 7 : more == 2 ? *at & 15 : *at & 31;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 63);
    }
    if (more == 0)
        return 0;
    if (code > 0xffff) {
        code -= 0x10000;
        append_unit(form, 0xd800 + (code >> 10), upper);
        code = 0xdc00 + (code & 0x3ff);
    }
    append_unit(form, code, upper);
    return more + 1;
}

/* `escaped`: characters that this writer escapes beyond those that JSON asks for. */
static void give_json(const struct forms *forms, const char *secret, const char *escaped, bool ascii, bool upper) {
    struct str form = STR_INIT(FORM_CEILING);
    for (const unsigned char *at = (const unsigned char *)secret; *at;) {
        size_t taken = ascii && *at >= 0x80 ? append_unicode(&form, at, upper) : 0;
        if (taken == 0) {
            taken = 1;
            if (*at == '/' && strchr(escaped, '/'))
                str_append(&form, "\\/");
            else if (strchr(escaped, *at))
                append_unit(&form, *at, upper);
            else
                append_json(&form, *at);
        }
        at += taken;
    }
    give_str(forms, &form);
    str_release(&form);
}

void mask_forms(const char *secret, mask_take *take, void *context) {
    const struct forms forms = {.take = take, .context = context};
    size_t length = strlen(secret);
    give(&forms, secret, length);
    give_lines(&forms, secret, length);
    if (length > ENCODED_MAX)
        return;
    for (size_t before = 0; before < 3; before++)
        give_base64(&forms, secret, length, before);
    give_url(&forms, secret);
    give_shell(&forms, secret);
    give_json(&forms, secret, "", false, false);
    give_json(&forms, secret, "", true, false);       /* Python, Ruby */
    give_json(&forms, secret, "<>&", false, false);   /* Go */
    give_json(&forms, secret, "/", true, false);      /* PHP */
    give_json(&forms, secret, "<>&'\"+", true, true); /* .NET */
}
