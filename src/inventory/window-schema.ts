import { z } from 'zod';
import { weekdays } from '../calendar/windows.ts';
import { parseClock, parseDays } from '../calendar/written.ts';
import { checkedText } from './checked-text.ts';

const fileName = z.string().min(1);

const clock = (end: boolean) =>
  checkedText({
    code: 'invalid-window',
    mistake: (text) => {
      const minute = parseClock(text);
      if (minute !== undefined && (end || minute < 1_440)) return undefined;
      return { message: `'${text}' is not a time of day`, next: "write hours and minutes: '22:00'" };
    },
    pattern: /^\d{1,2}:\d{2}$/,
    description: end
      ? "when it ends, by the clocks of cluster.time_zone, e.g. '05:00'; over midnight if that isn't after `from`; the same as `from`: after a whole day"
      : "when it begins, by the clocks of cluster.time_zone, e.g. '22:00'",
  });

/** When people may be interrupted. */
export const windowSchema = z.strictObject({
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .optional()
    .meta({ description: 'the days on which it begins; default: every day' }),
  from: clock(false),
  to: clock(true),
  except: z
    .array(
      z.union([
        checkedText({
          code: 'invalid-window',
          mistake: (text) =>
            parseDays(text) === undefined
              ? {
                  message: `'${text}' is not a day, or a range of days in order`,
                  next: 'write 2026-12-24, or 2026-12-24..2027-01-06',
                }
              : undefined,
          pattern: /^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$/,
          description: 'a day such as 2026-12-24, or a range: 2026-12-24..2027-01-06',
        }),
        z.strictObject({
          ics: fileName.meta({
            description: 'a calendar file (iCalendar), relative to the inventory: the days of its events',
          }),
        }),
      ]),
    )
    .optional()
    .meta({ description: 'days on which it does not begin' }),
});
