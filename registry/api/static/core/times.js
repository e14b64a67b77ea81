/** XML Schema dateTimeStamp for every year that it can name (registry/credential/times.py). */

import { malformed } from "./outcome.js";

const STAMP = new RegExp(
  "^(-?(?:[1-9]\\d{3,}|0\\d{3}))-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])" +
    "T(?:([01]\\d|2[0-3]):([0-5]\\d):([0-5]\\d)(?:\\.(\\d+))?|24:00:00(?:\\.0+)?)" +
    "(Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))$",
);
const LEAP = /T\d\d:\d\d:60(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** The moment of a dateTimeStamp in seconds since 1970 (UTC), cut to microseconds; Refusal where it is none. */
export function secondsOf(text) {
  const found = STAMP.exec(text);
  if (found === null) throw malformed(LEAP.test(text) ? "time.leapSecond" : "time.noStamp", { text: text.slice(0, 40) });
  const [, yearText, month, day, hour, minute, second, fraction, zone] = found;
  if (yearText.replace("-", "").length > 9) throw malformed("time.longYear", { text: text.slice(0, 40) });
  const [year, days] = [Number(yearText), Number(day)];
  if (days > daysIn(year, Number(month))) throw malformed("time.noSuchDay", { text: text.slice(0, 40) });
  const clock = hour === undefined ? 86400 : Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const whole = (daysBefore(year, Number(month)) + days - 1) * 86400 + clock - offset(zone);
  return whole + Number(`${fraction ?? ""}000000`.slice(0, 6)) / 1e6;
}

function offset(zone) {
  if (zone === "Z") return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone[0] === "-" ? -seconds : seconds;
}

const isLeap = (year) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

function daysIn(year, month) {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days from 1970-01-01 to the first of a month, in the proleptic Gregorian calendar; the year 0 is 1 BCE. */
function daysBefore(year, month) {
  const past = year - 1;
  const days = past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719162;
  return days + DAYS_BEFORE[month - 1] + (month > 2 && isLeap(year) ? 1 : 0);
}

/** Seconds since 1970 as dateTimeStamp in UTC; outside the years 1 to 9999 by the year alone. */
export function stampOf(seconds) {
  if (seconds < -62135596800 || seconds > 253402300799) return `the year ${1970 + Math.floor(seconds / 31556952)}`;
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
