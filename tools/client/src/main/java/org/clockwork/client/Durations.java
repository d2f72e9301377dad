package org.clockwork.client;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Durations as text with a unit, such as {@code 10ms}, {@code 1.5s} or {@code 100us}: the form of options and properties. */
public final class Durations {
    private static final String FORM = "a duration is a number with a unit of ns, us, ms, s, m or h, such as 10ms";

    private Durations() {
    }

    /**
     * Nanoseconds of a text such as {@code 10ms}.
     *
     * @throws IllegalArgumentException with a sentence when the text is no duration, is negative or does not fit.
     */
    public static long parseNs(final String text) {
        final String trimmed = text.trim().toLowerCase(Locale.ROOT);
        int split = trimmed.length();
        while (split > 0 && Character.isLetter(trimmed.charAt(split - 1))) {
            split--;
        }
        final long unitNs = unitNs(trimmed.substring(split), text);
        try {
            final String number = trimmed.substring(0, split).trim();
            if (number.isEmpty() || number.length() > 32) {
                throw new IllegalArgumentException("'" + text + "': " + FORM);
            }
            final BigDecimal ns = new BigDecimal(number).multiply(BigDecimal.valueOf(unitNs));
            if (ns.signum() < 0) {
                throw new IllegalArgumentException("'" + text + "' is negative");
            }
            return ns.longValueExact();
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException("'" + text + "': " + FORM, ex);
        } catch (final ArithmeticException ex) {
            throw new IllegalArgumentException("'" + text + "' is no whole number of nanoseconds below 292 years", ex);
        }
    }

    /** The shortest exact text of a duration in nanoseconds, such as {@code 10ms}. */
    public static String format(final long ns) {
        final long[] units = {
            TimeUnit.HOURS.toNanos(1), TimeUnit.MINUTES.toNanos(1), TimeUnit.SECONDS.toNanos(1),
            TimeUnit.MILLISECONDS.toNanos(1), TimeUnit.MICROSECONDS.toNanos(1)};
        final String[] names = {"h", "m", "s", "ms", "us"};
        for (int i = 0; i < units.length && ns != 0; i++) {
            if (ns % units[i] == 0) {
                return ns / units[i] + names[i];
            }
        }
        return ns + "ns";
    }

    private static long unitNs(final String unit, final String text) {
        return switch (unit) {
            case "ns" -> 1;
            case "us" -> TimeUnit.MICROSECONDS.toNanos(1);
            case "ms" -> TimeUnit.MILLISECONDS.toNanos(1);
            case "s" -> TimeUnit.SECONDS.toNanos(1);
            case "m" -> TimeUnit.MINUTES.toNanos(1);
            case "h" -> TimeUnit.HOURS.toNanos(1);
            default -> throw new IllegalArgumentException("'" + text + "': " + FORM);
        };
    }
}
