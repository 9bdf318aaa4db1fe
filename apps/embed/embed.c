#include <stdio.h>
#include <vit/vit.c.h>

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: %s MODEL IMAGE\n", argv[0]), 2;
    vit_error *error = NULL;
    vit_prediction best;
    vit_model *model = vit_model_load(argv[1], NULL, &error);
    vit_session *session = model ? vit_session_new(model, NULL, &error) : NULL;
    if (session && !vit_session_classify_file(session, argv[2], 1, NULL, &best, NULL, &error)) {
        printf("%s %.1f %%\n", vit_model_label(model, best.index), 100 * best.score);
    }
    if (error) fprintf(stderr, "%s\n", vit_error_message(error));
    const int status = error != NULL;
    vit_error_free(error);
    vit_session_free(session);
    vit_model_free(model);
    return status;
}
