/*
 * The machine's own rate of running a program: posix_spawn, one pipe, wait; nothing else.
 * raw-spawn AT_ONCE MS FILE ARGUMENT... prints "RUNS ELAPSED_MS OWN_AND_CHILDREN_CPU_MS". It starts none
 * after MS, and the time in which the last ones end counts as they do.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_AT_ONCE 1024

static struct {
  pid_t pid;
  int output;
} running[MAX_AT_ONCE];

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double cpu_ms(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void start(int slot, int null_file, char **arguments) {
  char *environment[] = {"PATH=/usr/bin:/bin", "LANG=C", "LC_ALL=C", NULL};
  int ends[2];
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (pipe2(ends, O_CLOEXEC) != 0) exit(1);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, null_file, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  if (posix_spawn(&running[slot].pid, arguments[0], &actions, &attributes, arguments,
                  environment) != 0)
    exit(1);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  running[slot].output = ends[0];
}

/* Waits for any of them, reads what it printed and gives its slot. */
static int finish(int at_once) {
  char output[65536];
  pid_t pid = wait(NULL);
  for (int slot = 0; slot < at_once; slot++) {
    if (running[slot].pid != pid) continue;
    while (read(running[slot].output, output, sizeof output) > 0) continue;
    close(running[slot].output);
    return slot;
  }
  exit(1);
}

int main(int count, char **arguments) {
  if (count < 4 || atoi(arguments[1]) > MAX_AT_ONCE) return 2;
  int at_once = atoi(arguments[1]);
  double begin_ms = now_ms();
  double end_ms = begin_ms + atof(arguments[2]);
  int null_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  long runs = 0;
  for (int slot = 0; slot < at_once; slot++) start(slot, null_file, arguments + 3);
  while (now_ms() < end_ms) {
    start(finish(at_once), null_file, arguments + 3);
    runs++;
  }
  for (int slot = 0; slot < at_once; slot++) finish(at_once);
  printf("%ld %.0f %.0f\n", runs + at_once, now_ms() - begin_ms,
         cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN));
  return 0;
}
