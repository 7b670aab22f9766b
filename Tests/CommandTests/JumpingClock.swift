/// A time of day that jumps by years, back and forth, whenever a program looks at it.
///
/// A small library put before the C library's own functions; monotonic clocks and the times of files stay as they
/// are.
final class JumpingClock {
  /// The variables under which a program sees this clock.
  let environment: [String: String]

  private static let source = """
    #define _GNU_SOURCE
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    int clock_gettime(clockid_t clock, struct timespec *now) {
      static const long jumps[] = {94608000, -157680000, 3600, -7200, 34560000, -61, 0};
      static unsigned looks;
      int result = (int)syscall(SYS_clock_gettime, clock, now);
      if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += jumps[__atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED) % 7];
      return result;
    }

    int gettimeofday(struct timeval *now, void *zone) {
      struct timespec time;
      clock_gettime(CLOCK_REALTIME, &time);
      now->tv_sec = time.tv_sec;
      now->tv_usec = time.tv_nsec / 1000;
      return 0;
    }

    time_t time(time_t *result) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (result) *result = now.tv_sec;
      return now.tv_sec;
    }
    """

  init(in folder: TemporaryFolder) throws {
    environment = try PreloadedLibrary(Self.source, in: folder).environment
  }
}
