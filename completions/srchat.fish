# Completion of srchat for fish; srchat itself decides what to offer.
function __srchat_complete
    set -l typed (commandline -ct)
    command srchat __complete fish (commandline -opc) "$typed" 2>/dev/null
end

complete -c srchat -e
complete -c srchat -f -k -a '(__srchat_complete)'
