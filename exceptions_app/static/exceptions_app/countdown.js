// The clocks of cases count down while one looks: "1 h 20 min left", "5 min over".
"use strict";
(() => {
  const MINUTE = 60000;
  const words = (minutes) => {
    const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
    if (days) return `${days} d ${hours} h`;
    return hours ? `${hours} h ${String(rest).padStart(2, "0")} min` : `${rest} min`;
  };
  const tick = () => {
    for (const clock of document.querySelectorAll("time[data-countdown]")) {
      const left = new Date(clock.dateTime) - Date.now();
      const isOver = left < 0;
      clock.textContent = `${words(Math.floor(Math.abs(left) / MINUTE))} ${isOver ? "over" : "left"}`;
      const tone = isOver ? "bad" : left < 60 * MINUTE ? "warn" : "ok";
      clock.className = `pill tone-${tone}`;
    }
  };
  tick();
  setInterval(tick, 15000);
})();
