-- Drives the entity `network` that spikerplus writes: one line of in.txt a step, and in out.txt what both
-- layers show when the next step begins, with the clock cycle. `hidden` is a port that vhdl.py adds.
library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;

entity bench is
  generic (samples : integer; steps : integer);
end entity;

architecture simulation of bench is
  signal clk, start : std_logic := '0';
  signal rst_n : std_logic := '1';
  signal ready, sample : std_logic;
  signal in_spikes : std_logic_vector(63 downto 0) := (others => '0');
  signal hidden : std_logic_vector(47 downto 0);
  signal out_spikes : std_logic_vector(9 downto 0);
  signal done : boolean := false;
  signal cycle : integer := 0;

  function bits(v : std_logic_vector) return string is
    variable text : string(1 to v'length);
    variable k : integer := 1;
  begin
    for i in v'range loop
      text(k) := std_logic'image(v(i))(2);
      k := k + 1;
    end loop;
    return text;
  end;
begin
  clk <= not clk after 5 ns when not done else '0';

  dut : entity work.network
    port map (clk => clk, rst_n => rst_n, start => start, sample_ready => '1', ready => ready,
              sample => sample, in_spikes => in_spikes, out_spikes => out_spikes, hidden => hidden);

  process
    file given : text open read_mode is "in.txt";
    file seen : text open write_mode is "out.txt";
    variable from, to_line : line;
    variable letter : character;
    variable step : std_logic_vector(63 downto 0);

    procedure say(what : string) is
    begin
      write(to_line, what & " " & integer'image(cycle) & " " & bits(hidden) & " " & bits(out_spikes));
      writeline(seen, to_line);
    end;
  begin
    rst_n <= '0';
    wait for 22 ns;
    rst_n <= '1';
    for s in 1 to samples loop
      loop
        wait until rising_edge(clk); cycle <= cycle + 1; exit when ready = '1';
      end loop;
      say("start");
      start <= '1';
      wait until rising_edge(clk); cycle <= cycle + 1;
      start <= '0';
      for t in 1 to steps loop
        loop
          wait until rising_edge(clk); cycle <= cycle + 1; exit when sample = '1';
        end loop;
        say("step");
        readline(given, from);
        for i in step'range loop
          read(from, letter);
          step(i) := '1' when letter = '1' else '0';
        end loop;
        in_spikes <= step;
      end loop;
      loop
        wait until rising_edge(clk); cycle <= cycle + 1; exit when ready = '1';
      end loop;
      say("end");
    end loop;
    done <= true;
    wait;
  end process;
end architecture;
