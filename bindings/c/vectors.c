/* Reads the vector file; its head documents the format. */
#include "harness.h"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        text = (char *)malloc((size_t)size + 1);
        if (text != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
            free(text);
            text = NULL;
        }
        if (text != NULL)
            text[size] = '\0';
    }
    fclose(file);
    return text;
}

/* The place of word in a list that NULL ends; -1 if it is not there. */
static int find_word(const char *word, const char *const *list)
{
    int i;
    for (i = 0; list[i] != NULL; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    return -1;
}

/* Exactly count numbers; NULL if there are more or fewer. */
static double *read_values(const char *text, size_t count)
{
    double *values = (double *)malloc((count + 1) * sizeof(double));
    size_t i;
    for (i = 0; values != NULL && i < count; i++) {
        char *end;
        values[i] = strtod(text, &end);
        if (end == text)
            break;
        text = end;
    }
    if (values != NULL && (i != count || text[strspn(text, " ")] != '\0')) {
        free(values);
        values = NULL;
    }
    return values;
}

static int64_t *read_labels(const char *text, size_t count)
{
    int64_t *labels = (int64_t *)malloc((count + 1) * sizeof(int64_t));
    size_t i;
    for (i = 0; labels != NULL && i < count; i++) {
        char *end;
        labels[i] = (int64_t)strtoll(text, &end, 10);
        if (end == text)
            break;
        text = end;
    }
    if (labels != NULL && (i != count || text[strspn(text, " ")] != '\0')) {
        free(labels);
        labels = NULL;
    }
    return labels;
}

/* One line of a record; 0 if it makes no sense. Shapes come before the arrays. */
static int read_line(record *r, const char *key, const char *text)
{
    static const char *const functions[] = {"binary", "categorical", "sparse_categorical", NULL};
    static const char *const types[] = {"f32", "f64", NULL};
    static const char *const inputs[] = {"probabilities", "logits", "log_probabilities", NULL};
    static const char *const reductions[] = {"mean", "sum", "none", NULL};
    static const char *const divisors[] = {"weights", "count", "batch", NULL};
    int number = 0;

    if (strcmp(key, "name") == 0)
        snprintf(r->name, sizeof r->name, "%s", text);
    else if (strcmp(key, "function") == 0)
        r->function = (enum function)((number = find_word(text, functions)) < 0 ? 0 : number);
    else if (strcmp(key, "type") == 0)
        r->type = (number = find_word(text, types)) == 1 ? XENT_F64 : XENT_F32;
    else if (strcmp(key, "input") == 0)
        r->options.input = number = find_word(text, inputs);
    else if (strcmp(key, "reduction") == 0)
        r->options.reduction = number = find_word(text, reductions);
    else if (strcmp(key, "divisor") == 0)
        r->options.divisor = number = find_word(text, divisors);
    else if (strcmp(key, "normalizer") == 0)
        r->options.normalizer = strtod(text, NULL);
    else if (strcmp(key, "probability_floor") == 0)
        r->options.probability_floor = strtod(text, NULL);
    else if (strcmp(key, "rows") == 0)
        r->rows = (size_t)strtoul(text, NULL, 10);
    else if (strcmp(key, "classes") == 0) {
        r->classes = (size_t)strtoul(text, NULL, 10);
        r->count = r->rows * r->classes;
    } else if (strcmp(key, "labels") == 0)
        return (r->labels = read_labels(text, r->rows)) != NULL;
    else if (strcmp(key, "y_true") == 0)
        return (r->y_true = read_values(text, r->count)) != NULL;
    else if (strcmp(key, "y_pred") == 0)
        return (r->y_pred = read_values(text, r->count)) != NULL;
    else if (strcmp(key, "losses") == 0)
        return (r->losses = read_values(text, r->rows)) != NULL;
    else if (strcmp(key, "loss") == 0)
        r->loss = strtod(text, NULL);
    else if (strcmp(key, "gradient") == 0)
        return (r->gradient = read_values(text, r->count)) != NULL;
    else if (strcmp(key, "gradient_magnitude") == 0)
        return (r->magnitude = read_values(text, r->count)) != NULL;
    else
        return 0;
    return number >= 0;
}

static void clear_record(record *r)
{
    memset(r, 0, sizeof *r);
    xent_options_init(&r->options);
}

static void free_record(record *r)
{
    free(r->labels);
    free(r->y_true);
    free(r->y_pred);
    free(r->losses);
    free(r->gradient);
    free(r->magnitude);
    clear_record(r);
}

static int is_complete(const record *r)
{
    int has_target = r->function == SPARSE_CATEGORICAL ? r->labels != NULL : r->y_true != NULL;
    return r->name[0] != '\0' && r->classes > 0 && has_target && r->y_pred != NULL && r->losses != NULL
        && r->gradient != NULL && r->magnitude != NULL;
}

int read_records(const char *path, void (*visit)(const record *))
{
    char *text = read_file(path), *line = text;
    record r;
    int count = 0, sound = text != NULL, open = 0;

    clear_record(&r);
    while (sound && line != NULL) {
        char *end = strchr(line, '\n'), *space;
        if (end != NULL)
            *end = '\0';
        if (line[0] == '\0') { /* a blank line, or the file's end, closes a record */
            if (open) {
                sound = is_complete(&r);
                if (sound) {
                    visit(&r);
                    count++;
                }
                free_record(&r);
                open = 0;
            }
        } else if (line[0] != '#') {
            space = strchr(line, ' ');
            if (space != NULL)
                *space = '\0';
            open = 1;
            sound = read_line(&r, line, space != NULL ? space + 1 : "");
            if (!sound)
                printf("%s: bad line of record %s: %s\n", path, r.name, line);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    free_record(&r);
    free(text);
    return sound && !open ? count : -1;
}
