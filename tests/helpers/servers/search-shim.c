/* Makes the RediSearch inside another module's shared object available to a stock redis-server, as a module "search".
 *
 * The object exports RediSearch's own entry point and its pointers to the module API, but registers commands of its own
 * when loaded as it is. So this shim opens it as a plain library, fills those pointers as RedisModule_Init would, and
 * calls RediSearch's entry point. The path comes in the environment, which leaves the module's arguments to RediSearch. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTIFY_ALL_USED ((1 << 2) | (1 << 3) | (1 << 6) | (1 << 8) | (1 << 9) | (1 << 12) | (1 << 13))
/*                       generic    string     hash       expired    evicted    loaded      module    */

static int fail(const char *what, const char *why) {
  fprintf(stderr, "search shim: %s: %s\n", what, why ? why : "unknown reason");
  return 1;
}

/* Fills every RedisModule_* data symbol of the library. Names that this server does not know stay empty. */
static void fill_api(void *library, int (*get_api)(const char *, void *)) {
  struct link_map *map;
  const char *names = NULL;
  size_t size = 0;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return;
  for (ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_STRTAB) names = (const char *)entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRSZ) size = entry->d_un.d_val;
  }
  for (size_t at = 0; names && at < size; at += strlen(names + at) + 1) {
    if (strncmp(names + at, "RedisModule_", 12) != 0) continue;
    void *slot = dlsym(library, names + at);
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    /* Functions carry the same prefix: writing a pointer over one would corrupt the library. */
    if (!slot || !dladdr1(slot, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol) continue;
    if (ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT) get_api(names + at, slot);
  }
}

int RedisModule_OnLoad(void *ctx, void **argv, int argc) {
  const char *path = getenv("LANGGRAPH_REDIS_SEARCH_ENGINE");
  if (!path) return fail("LANGGRAPH_REDIS_SEARCH_ENGINE", "is not set");
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) return fail(path, dlerror());

  int (*get_api)(const char *, void *) = (int (*)(const char *, void *))((void **)ctx)[0];
  fill_api(library, get_api);

  void (*set_attributes)(void *, const char *, int, int) = NULL;
  int (*subscribe)(void *, int, void *) = NULL;
  get_api("RedisModule_SetModuleAttribs", &set_attributes);
  get_api("RedisModule_SubscribeToKeyspaceEvents", &subscribe);
  int (*init)(void *, void **, int) = dlsym(library, "RediSearch_InitModuleInternal");
  void *on_change = dlsym(library, "HashNotificationCallback");
  if (!set_attributes || !subscribe) return fail("module API", "this server lacks what a search module needs");
  if (!init || !on_change) return fail(path, "no RediSearch inside");

  set_attributes(ctx, "search", 20600, 1);
  if (init(ctx, argv, argc) != 0) return fail("RediSearch", "refused to start");
  /* Without this indexes are created but nothing is ever indexed. */
  return subscribe(ctx, NOTIFY_ALL_USED, on_change);
}
