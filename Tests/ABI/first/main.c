#include "program.h"

#include <stdio.h>
#include <xent.h>

int main(void)
{
    int failures = first_program();
    printf("the first version's program with library %s: %d failed\n", xent_version(), failures);
    return failures != 0;
}
