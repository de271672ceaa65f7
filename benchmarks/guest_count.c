/*
 * A plugin for qemu-user 7.2: how many instructions of the guest each function ran, one "function count" per line on
 * standard error. benchmarks/instructions.py loads it. The declarations are those of its plugin interface, version 1,
 * whose header Debian does not ship.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define FUNCTIONS 8192

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*call)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *place, uint64_t value);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int count, char **arguments);

/* The guest has one thread. The last place takes what finds no other. */
static struct {
    const char *name;
    uint64_t instructions;
} functions[FUNCTIONS];

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    const char *name = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(block, 0));
    name = name == NULL ? "?" : name;
    size_t place = 0;
    while (place < FUNCTIONS - 1 && functions[place].name != NULL && strcmp(functions[place].name, name) != 0) {
        place++;
    }
    functions[place].name = name;
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &functions[place].instructions, qemu_plugin_tb_n_insns(block));
}

static void ended(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    for (size_t i = 0; i < FUNCTIONS && functions[i].name != NULL; i++) {
        fprintf(stderr, "%s %" PRIu64 "\n", functions[i].name, functions[i].instructions);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int count, char **arguments) {
    (void)info;
    (void)count;
    (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
