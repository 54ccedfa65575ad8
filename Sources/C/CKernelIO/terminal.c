// A terminal that gives keys instead of lines.
#include "CKernelIO.h"
#include <termios.h>
#include <unistd.h>

static struct termios remembered;

int ns_terminal_remember(int descriptor) { return tcgetattr(descriptor, &remembered) == 0; }

void ns_terminal_give_keys(int descriptor) {
    struct termios mode = remembered;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    mode.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    // A program that is stopped or ended so would leave the terminal as it is.
    mode.c_cc[VSUSP] = mode.c_cc[VQUIT] = _POSIX_VDISABLE;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(descriptor, TCSANOW, &mode);
}

void ns_terminal_restore(int descriptor) { tcsetattr(descriptor, TCSANOW, &remembered); }
