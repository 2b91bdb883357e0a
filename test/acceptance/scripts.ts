/** The scripts, of the shell and of other languages, that acceptance records. */

export const bashScript = `set -u
trap 'echo "exit trap, status $?"' EXIT
trap 'echo "got USR1"' USR1
count=0
for word in one two three; do count=$((count + 1)); echo "$count $word"; done
kill -USR1 $$
(sleep 0.05; exit 3) & first=$!
(echo "in the background" > background; exit 4) & second=$!
wait $first; echo "first ended with $?"
wait $second; echo "second ended with $?"
cat background
cat <<END | tr a-z A-Z
here document with $count words
END
cat <<'END'
no $expansion here
END
read -r line < <(echo "from a process substitution")
echo "$line"
echo "substituted: $(echo inner | sed s/inner/outer/)"
function recurse { [ "$1" -le 0 ] && return 0; echo "depth $1"; recurse $(($1 - 1)); }
recurse 3
printf '%s\\n' c a b | sort | while read -r letter; do echo "letter $letter"; done
exec 3> file; echo "through descriptor 3" >&3; exec 3>&-; cat file
bash -c 'sleep 60 & kill $!; wait $!; echo "killed child: $?"'
echo "to standard error" >&2
exit 5
`;

export const shellLoop = 'for i in 1 2 3; do echo $i | cat; done';

export const pythonScripts = {
  arithmetic: `import math, random
random.seed(7)
print(sum(range(10**6)), math.factorial(50), round(math.pi ** 20, 6))
print(sorted(random.random() for _ in range(5)))
print(hash(3.5), 2 ** 200 % 10007)
`,
  json: `import json
data = {'numbers': list(range(200)), 'nested': {str(i): {'square': i * i, 'text': 'x' * i} for i in range(50)}}
text = json.dumps(data, indent=1, sort_keys=True)
print(len(text), json.loads(text) == data)
print(text[:200])
`,
  subprocess: `import subprocess, sys
print(subprocess.run(['/bin/echo', 'from', 'a', 'child'], capture_output=True, text=True).stdout, end='')
pipe = subprocess.Popen(['/usr/bin/sort', '-r'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(pipe.communicate('b\\na\\nc\\n'))
print(subprocess.run('exit 7', shell=True).returncode)
print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True).stdout)
`,
  sockets: `import os, socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(5)
port = server.getsockname()[1]
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        server.close()
        client = socket.create_connection(('127.0.0.1', port))
        client.sendall(b'hello %d\\n' % number)
        reply = client.makefile('rb').readline()
        os._exit(0 if reply == b'HELLO %d\\n' % number else 1)
    children.append(child)
lines = []
for _ in range(3):
    connection, address = server.accept()
    line = connection.makefile('rb').readline()
    lines.append(line)
    connection.sendall(line.upper())
    connection.close()
print(sorted(lines))
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
`,
  sqlite: `import sqlite3
base = sqlite3.connect('data.db')
base.execute('create table t(a integer primary key, b text)')
with base:
    base.executemany('insert into t(b) values (?)', (('row %d' % i,) for i in range(5000)))
print(base.execute('select count(*), sum(a), max(b) from t').fetchone())
base.execute('create index i on t(b)')
print(base.execute("select a from t where b = 'row 4321'").fetchone())
base.close()
`,
  fork: `import os, signal, sys, time
children = []
for number in range(5):
    child = os.fork()
    if child == 0:
        os._exit(number * 3)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.close(reader)
    os.write(writer, b'through a pipe')
    os._exit(0)
os.close(writer)
print(os.read(reader, 100))
os.wait()
signal.signal(signal.SIGUSR1, lambda number, frame: print('handler', number))
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.01)
sys.exit(9)
`,
} as const;

export const perlScript = `use strict; use warnings;
my %count;
$count{$_ % 17} += $_ for 1 .. 100000;
print join(' ', map { "$_=$count{$_}" } sort { $a <=> $b } keys %count), "\\n";
open(my $pipe, '-|', 'echo one; echo two') or die;
print scalar(reverse $_) while <$pipe>;
close $pipe;
my $pid = fork; if (!$pid) { exit 6 } waitpid($pid, 0);
print "child ", $? >> 8, "\\n";
local $SIG{ALRM} = sub { print "alarm\\n" };
my $text = join '', map { chr(65 + $_ % 26) } 1 .. 5000;
print length($text =~ s/[AEIOU]//gr), "\\n";
exit 4;
`;

/** The identity and the times of commits are fixed, so that their hashes are. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: 'Author',
  GIT_AUTHOR_EMAIL: 'author@example.invalid',
  GIT_AUTHOR_DATE: '2024-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'Committer',
  GIT_COMMITTER_EMAIL: 'committer@example.invalid',
  GIT_COMMITTER_DATE: '2024-01-02T03:04:05Z',
  GIT_CONFIG_NOSYSTEM: '1',
};

export const gitScript = `set -e
git init -b main repository
cd repository
for i in 1 2 3 4 5 6 7 8; do seq $((i * 100)) > file$i; done
git add .
git commit -m "Add files"
seq 5 > file3; rm file5; echo new > file9
git status --short
git add -A
git commit -m "Change files"
git log --stat
git gc --quiet
git fsck
git show HEAD:file9
`;

export const busyboxScript = `echo "from busybox"
busybox seq 10 | busybox sort -rn | busybox head -3
busybox mkdir -p a/b && busybox touch a/b/c && busybox find a
busybox printf '%s\\n' x y | busybox wc
busybox md5sum /etc/passwd
exit 3
`;

const insertCount = 100_000;

export function sqliteScript(): string {
  const lines = ['create table t(a integer primary key, b integer, c text);', 'begin;'];
  for (let i = 0; i < insertCount; i++) lines.push(`insert into t(b, c) values(${(i * 7919) % 100003}, 'text ${i}');`);
  lines.push('commit;', 'create index i on t(b);', 'select count(*), sum(b), min(c), max(c) from t;');
  lines.push('select a from t where b = 4242;', '');
  return lines.join('\n');
}
